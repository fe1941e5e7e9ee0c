package dsl

import "github.com/tidegate-io/tidegate/internal/spec"

var tlsSchema = &schema{kind: "tls", attrs: optional("mode", "ca_file", "cert_file", "key_file", "server_name")}

// tls decodes the block and refuses what its mode would silently not look at.
func (b *body) tls() spec.TLS {
	t := spec.TLS{
		Mode:       b.choice("mode", spec.TLSPreferred, spec.TLSDisabled, spec.TLSRequired, spec.TLSVerifyCA, spec.TLSVerifyFull),
		CAFile:     b.path("ca_file"),
		CertFile:   b.path("cert_file"),
		KeyFile:    b.path("key_file"),
		ServerName: b.str("server_name", ""),
	}
	verifies := t.Mode == spec.TLSVerifyCA || t.Mode == spec.TLSVerifyFull
	if t.CAFile != "" && !verifies {
		b.reject("ca_file", "Mode %q believes any certificate and does not look at ca_file; write mode = \"verify-full\" or \"verify-ca\".", t.Mode)
	}
	if t.ServerName != "" && t.Mode != spec.TLSVerifyFull {
		b.reject("server_name", "Mode %q does not compare names; write mode = \"verify-full\".", t.Mode)
	}
	if t.Mode == spec.TLSDisabled && t.CertFile != "" {
		b.reject("cert_file", "Mode \"disabled\" sends no certificate; write another mode.")
	}
	if b.has("cert_file") && !b.has("key_file") {
		b.reject("cert_file", "A client certificate needs its key; write key_file as well.")
	}
	if b.has("key_file") && !b.has("cert_file") {
		b.reject("key_file", "A key needs its certificate; write cert_file as well.")
	}
	return t
}

// path reads a file's path and makes it absolute by the pipeline file's folder,
// so that it does not depend on where a program was started.
func (b *body) path(name string) string {
	v, ok := b.eval(name, stringType)
	if !ok {
		return ""
	}
	if v.AsString() == "" {
		b.reject(name, "The path is empty; leave the argument out if there is no file.")
		return ""
	}
	return absolute(b.d.dirOf(b.head.Filename), v.AsString())
}
