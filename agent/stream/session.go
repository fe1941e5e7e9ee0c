package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/google/uuid"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// session is one replication connection.
//
// It is made from go-mysql's client and not from its BinlogSyncer, because that
// one cannot compress, opens a second connection to close the first, keeps a
// queue counted in events, and decodes positions we count ourselves.
type session struct {
	c        *client.Conn
	raw      *gatherer
	identity string
	packets  *packets
	started  bool // a real event has come
	crc      bool // events of the file that is being read end in a checksum
	armed    time.Time
	idle     time.Duration
}

// searchTimeout is how long the server may look through old logs before the
// first event, when it sends nothing at all. TCP keep-alive finds dead peers
// sooner.
const searchTimeout = 15 * time.Minute

// dial logs in with the endpoint's own settings and prepares the session.
func (s *Source) dial(ctx context.Context, heartbeat time.Duration) (*session, error) {
	ep := s.conn.Endpoint
	password, err := ep.Password.Resolve()
	if err != nil {
		return nil, misconfigured("secret", "set the variable, or provide the file, for the agent that runs this pipeline", "endpoint %q: password: %w", ep.Name, err)
	}
	tlsConfig, preferred, err := mysql.TLSConfig(ep)
	if err != nil {
		return nil, err
	}
	if preferred {
		// Whatever the SQL sessions agreed on with this server.
		var name, cipher string
		if err := s.db.QueryRowContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil {
			return nil, fmt.Errorf("connect to the source: %w", err)
		}
		if cipher == "" {
			tlsConfig = nil
		}
	}
	network, addr := mysql.Network(ep.Address)
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var raw *gatherer
	dialer := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := mysql.Dialer().DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		raw, err = newGatherer(c)
		return raw, errors.Join(err, c.SetDeadline(time.Now().Add(15*time.Second))) // for the hand-shake
	}
	c, err := client.ConnectWithDialer(ctx, network, addr, ep.User, password, "", dialer, func(c *client.Conn) error {
		c.SetTLSConfig(tlsConfig)
		c.SetAttributes(map[string]string{"program_name": "tidegate"})
		if ep.Compress {
			return c.SetCapability(gomysql.CLIENT_COMPRESS)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open a replication connection to endpoint %q (%s): %w", ep.Name, ep.Address, dumpError(err, nil))
	}
	ss := &session{c: c, raw: raw, packets: newPackets(c.Conn.Conn, ep.Compress), idle: 3 * heartbeat}
	if err := ss.prepare(s, heartbeat); err != nil {
		ss.close()
		return nil, fmt.Errorf("prepare the replication connection to endpoint %q: %w", ep.Name, dumpError(err, nil))
	}
	return ss, raw.SetDeadline(time.Time{})
}

// close may be called at any moment, by anyone: it only ends the connection under
// whatever goes on. Nothing can be lost by it.
func (ss *session) close() { ss.raw.Close() }

// prepare makes the session one that the server sends its log to as it is.
func (ss *session) prepare(s *Source, heartbeat time.Duration) error {
	r, err := ss.c.Execute(s.identityQuery())
	if err != nil {
		return err
	}
	if ss.identity, err = r.GetString(0, 0); err != nil {
		return err
	}
	set := []string{
		// As replicas do. Whatever is asked for, events come as the file has them.
		"SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum",
		fmt.Sprintf("SET @master_heartbeat_period = %d, @source_heartbeat_period = %d", heartbeat.Nanoseconds(), heartbeat.Nanoseconds()),
		// A slow target must not make the server give up on us.
		"SET SESSION net_write_timeout = 31536000",
		fmt.Sprintf("SET @slave_uuid = '%[1]s', @replica_uuid = '%[1]s'", uuid.New()),
	}
	if s.conn.Server.Flavor == mysql.MariaDB {
		// Without it the server rewrites GTID events for old replicas.
		set = append(set, "SET @mariadb_slave_capability = 4", "SET @slave_gtid_ignore_duplicates = 0")
	}
	for _, stmt := range set {
		if _, err := ss.c.Execute(stmt); err != nil {
			return err
		}
	}
	return nil
}

// dump asks the server to send its log after what seen contains.
func (ss *session) dump(s *Source, serverID uint32, seen *change.Set) error {
	if s.kind == change.MariaDB {
		for _, stmt := range []string{
			"SET @slave_connect_state = " + mysql.String(seen.String()),
			"SET @slave_gtid_strict_mode = 1",
		} {
			if _, err := ss.c.Execute(stmt); err != nil {
				return err
			}
		}
	}
	if err := ss.register(serverID); err != nil {
		return err
	}
	switch s.kind {
	case change.MySQL:
		return ss.dumpGTID(serverID, seen)
	case change.MariaDB:
		var flags uint16
		if s.conn.Server.AtLeast(11, 4, 0) {
			flags = 2 // send annotations: offsets inside of transactions are counted
		}
		return ss.dumpFile(serverID, "", 4, flags)
	default:
		at := seen.End()
		return ss.dumpFile(serverID, at.Source, uint32(max(at.N, 4)), 0)
	}
}

// register tells the server who reads, for SHOW REPLICAS.
func (ss *session) register(serverID uint32) error {
	host, err := os.Hostname()
	if err != nil || len(host) > 60 {
		host = "tidegate"
	}
	b := []byte{0, 0, 0, 0, gomysql.COM_REGISTER_SLAVE}
	b = binary.LittleEndian.AppendUint32(b, serverID)
	b = append(append(b, byte(len(host))), host...)
	b = append(b, 0, 0)                   // user, password
	b = append(b, 0, 0)                   // port
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // rank, source's id
	ss.c.ResetSequence()
	if err := ss.c.WritePacket(b); err != nil {
		return err
	}
	_, err = ss.c.ReadOKPacket()
	return err
}

func (ss *session) dumpFile(serverID uint32, file string, offset uint32, flags uint16) error {
	b := []byte{0, 0, 0, 0, gomysql.COM_BINLOG_DUMP}
	b = binary.LittleEndian.AppendUint32(b, offset)
	b = binary.LittleEndian.AppendUint16(b, flags)
	b = binary.LittleEndian.AppendUint32(b, serverID)
	ss.c.ResetSequence()
	return ss.c.WritePacket(append(b, file...))
}

func (ss *session) dumpGTID(serverID uint32, seen *change.Set) error {
	set, err := gomysql.ParseMysqlGTIDSet(seen.String())
	if err != nil {
		return fmt.Errorf("read after %s: %w", seen, err)
	}
	data := set.Encode()
	b := []byte{0, 0, 0, 0, gomysql.COM_BINLOG_DUMP_GTID}
	b = binary.LittleEndian.AppendUint16(b, 0) // flags
	b = binary.LittleEndian.AppendUint32(b, serverID)
	b = binary.LittleEndian.AppendUint32(b, 0) // no file name
	b = binary.LittleEndian.AppendUint64(b, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	ss.c.ResetSequence()
	return ss.c.WritePacket(append(b, data...))
}

var errLogEnded = errors.New("the source stopped sending its log")

// next reads one event. It is valid until the next call.
func (ss *session) next() (event, error) {
	if err := ss.watch(); err != nil {
		return event{}, err
	}
	packet, err := ss.packets.next()
	if err != nil {
		return event{}, err
	}
	if len(packet) == 0 {
		return event{}, errLogEnded
	}
	switch packet[0] {
	case gomysql.OK_HEADER:
		e, err := ss.parse(packet[1:])
		if !ss.started && err == nil && !e.artificial() && e.kind != evFormat {
			ss.started, ss.armed = true, time.Time{} // the search is over: silence counts from now
			ss.raw.on = true
		}
		return e, err
	case gomysql.ERR_HEADER:
		return event{}, ss.c.HandleErrorPacket(packet)
	default:
		return event{}, errLogEnded
	}
}

// parse takes an event and its checksum apart. Whether there is one, the file's
// format event says; of events that the dump thread makes, only trying tells.
func (ss *session) parse(data []byte) (event, error) {
	e, err := parseEvent(data)
	if err != nil {
		return e, err
	}
	n := len(data) - crc32.Size
	switch {
	case e.kind == evFormat:
		if len(e.body) < 5 {
			return e, fmt.Errorf("format event of %d bytes", len(data))
		}
		ss.crc = e.body[len(e.body)-5] == checksumCRC32
	case n < headerSize || !ss.crc && !e.artificial():
	case crc32.ChecksumIEEE(data[:n]) == binary.LittleEndian.Uint32(data[n:]):
		e.body = e.body[:n-headerSize]
	case !e.artificial():
		return e, &damagedError{kind: e.kind, end: e.logPos}
	}
	return e, nil
}

const checksumCRC32 = 1

// damagedError is an event that does not fit its checksum: by the network, or in
// the source's file.
type damagedError struct {
	kind eventType
	end  uint32
}

func (e *damagedError) Error() string {
	return fmt.Sprintf("event of type %d ending at %d does not fit its checksum", e.kind, e.end)
}

// watch moves the deadline ahead, not at every event: that would cost more than
// reading it.
func (ss *session) watch() error {
	now := time.Now()
	if now.Sub(ss.armed) < time.Second {
		return nil
	}
	ss.armed = now
	limit := searchTimeout
	if ss.started {
		limit = ss.idle
	}
	return ss.c.SetReadDeadline(now.Add(limit))
}
