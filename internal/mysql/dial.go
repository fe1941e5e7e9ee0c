package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// maxPacket is what the client accepts and sends; statements are sized by the
// server's own limit.
const maxPacket = 1 << 30

func driverConfig(ep spec.Endpoint) (*mysql.Config, error) {
	password, err := ep.Password.Resolve()
	if err != nil {
		return nil, &Error{Class: Config, Code: "secret", Err: fmt.Errorf("endpoint %q: password: %w", ep.Name, err),
			Remedy: "set the variable, or provide the file, for the agent that runs this pipeline"}
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = ep.User, password
	cfg.Net, cfg.Addr = Network(ep.Address)
	cfg.Timeout = 10 * time.Second
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
		defer cancel()
		return Dialer().DialContext(ctx, network, addr)
	}
	cfg.ReadTimeout, cfg.WriteTimeout = 0, 5*time.Minute
	cfg.MaxAllowedPacket = maxPacket
	cfg.InterpolateParams = true // one way there and back for a statement, not two
	cfg.ClientFoundRows = false
	cfg.CheckConnLiveness = true
	cfg.Logger = &mysql.NopLogger{}
	cfg.ConnectionAttributes = "program_name:tidegate"
	if ep.Compress {
		if err := cfg.Apply(mysql.EnableCompression(true)); err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", ep.Name, err)
		}
	}
	tlsConfig, preferred, err := TLSConfig(ep)
	if err != nil {
		return nil, err
	}
	cfg.TLS, cfg.AllowFallbackToPlaintext = tlsConfig, preferred
	return cfg, nil
}

// Network splits an endpoint's address into network and address to dial.
func Network(address string) (network, addr string) {
	if p, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", p
	}
	return "tcp", address
}

// TLSConfig returns the TLS settings of an endpoint, nil for none. preferred
// says that a server without TLS is accepted.
func TLSConfig(ep spec.Endpoint) (cfg *tls.Config, preferred bool, err error) {
	wrap := func(err error) error {
		return &Error{Class: Config, Code: "tls", Err: fmt.Errorf("endpoint %q: tls: %w", ep.Name, err), Remedy: "check the tls block and that the agent can read its files"}
	}
	host, _, _ := net.SplitHostPort(ep.Address)
	cfg = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if ep.TLS.ServerName != "" {
		cfg.ServerName = ep.TLS.ServerName
	}
	switch ep.TLS.Mode {
	case spec.TLSDisabled:
		return nil, false, nil
	case "", spec.TLSPreferred:
		cfg.InsecureSkipVerify, preferred = true, true
		if network, _ := Network(ep.Address); network == "unix" {
			return nil, false, nil
		}
	case spec.TLSRequired:
		cfg.InsecureSkipVerify = true
	case spec.TLSVerifyCA:
		cfg.InsecureSkipVerify = true // the name is not compared; the chain is, below
		cfg.VerifyConnection = func(cs tls.ConnectionState) error { return verifyChain(cs, cfg.RootCAs) }
	}
	if ep.TLS.CAFile != "" {
		pem, err := os.ReadFile(ep.TLS.CAFile)
		if err != nil {
			return nil, false, wrap(err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, false, wrap(fmt.Errorf("%s holds no PEM certificate", ep.TLS.CAFile))
		}
	}
	if ep.TLS.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(ep.TLS.CertFile, ep.TLS.KeyFile)
		if err != nil {
			return nil, false, wrap(err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, preferred, nil
}

func verifyChain(cs tls.ConnectionState, roots *x509.CertPool) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := cs.PeerCertificates[0].Verify(opts)
	return err
}

// connectError says what went wrong at the door, with what to do about it.
func connectError(ep spec.Endpoint, err error) error {
	at := fmt.Sprintf("endpoint %q (%s)", ep.Name, ep.Address)
	e := &Error{Class: Config, Code: "connect", Err: fmt.Errorf("%s: connect as %q: %w", at, ep.User, err)}
	switch n := Number(err); {
	case n == 1045 || n == 1698:
		e.Code, e.Remedy = "login", fmt.Sprintf("check user and password of the endpoint; on the server: SHOW CREATE USER for %q and its host pattern", ep.User)
	case n == 1130 || n == 1129:
		e.Code, e.Remedy = "login", "the server does not accept this host: create the account with a host pattern that matches the agent's address"
	case n == 1820 || n == 1862:
		e.Code, e.Remedy = "login", "the account's password has expired: ALTER USER … IDENTIFIED BY …"
	case n == 3118 || n == 4151:
		e.Code, e.Remedy = "login", "the account is locked: ALTER USER … ACCOUNT UNLOCK"
	case n == 1040 || n == 1203 || n == 1226:
		e.Class, e.Remedy = Transient, "the server has no connection left: raise max_connections or the account's limit"
	case n == 3159:
		e.Code, e.Remedy = "tls", `the server requires TLS: set tls { mode = "required" }`
	case n != 0:
		e.Remedy = "see the server's error above"
	default:
		e.Class, e.Code = Transient, "unreachable"
		e.Remedy = "check address, port, firewall and that the server runs; the agent connects, not the daemon"
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			e.Class, e.Code, e.Remedy = Config, "tls", "the server's certificate is not trusted: set tls.ca_file (and tls.server_name), or another tls.mode"
		}
	}
	return e
}
