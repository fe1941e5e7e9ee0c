package spec

// Endpoint is one server and how to log in.
type Endpoint struct {
	Name     string `json:"name"`
	Address  string `json:"address"` // host:port, or unix:/path
	User     string `json:"user"`
	Password Secret `json:"password,omitzero"`
	Flavor   string `json:"flavor,omitempty"` // "mysql" or "mariadb" insists; empty: whatever answers
	Compress bool   `json:"compress,omitempty"`
	TLS      TLS    `json:"tls"`
}

// TLS modes as MySQL clients know them.
const (
	TLSDisabled   = "disabled"
	TLSPreferred  = "preferred" // the default: use it if the server has it, believe any certificate
	TLSRequired   = "required"
	TLSVerifyCA   = "verify-ca"
	TLSVerifyFull = "verify-full"
)

// TLS is an endpoint's tls block. Paths are read on the agent.
type TLS struct {
	Mode       string `json:"mode"`
	CAFile     string `json:"ca_file,omitempty"`
	CertFile   string `json:"cert_file,omitempty"`
	KeyFile    string `json:"key_file,omitempty"`
	ServerName string `json:"server_name,omitempty"`
}
