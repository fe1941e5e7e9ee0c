package mysql

import (
	"net"
	"time"
)

// deadPeer is how long a connection lasts whose other end answers nothing: no
// acknowledgement of what was sent, and none of keep-alives on an idle one.
const deadPeer = 75 * time.Second

// Dialer makes connections that notice a dead peer. Without it, what was sent
// into a network that eats packets is repeated for a quarter of an hour, and
// whoever waits for the answer waits as long.
func Dialer() *net.Dialer {
	const interval = 10 * time.Second
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: interval, Count: int((deadPeer - 15*time.Second) / interval)},
		Control:         limitUnacknowledged,
	}
}
