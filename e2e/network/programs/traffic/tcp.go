package main

import (
	"fmt"
	"net"
	"syscall"
	"time"
)

const chunkBytes = 256 << 10

func milliseconds(duration time.Duration) float64 {
	return float64(duration) / float64(time.Millisecond)
}

// tcpServe sends to whoever connects, until they hang up.
func tcpServe(address, congestion string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "ready", "port": listener.Addr().(*net.TCPAddr).Port})
	chunk := make([]byte, chunkBytes)
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		if err := setCongestion(connection.(*net.TCPConn), congestion); err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			for {
				if _, err := connection.Write(chunk); err != nil {
					return
				}
			}
		}()
	}
}

func setCongestion(connection *net.TCPConn, name string) error {
	if name == "" {
		return nil
	}
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	if err := raw.Control(func(fd uintptr) {
		const tcpCongestion = 13
		refused = syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, tcpCongestion, name)
	}); err != nil {
		return err
	}
	if refused != nil {
		return fmt.Errorf("congestion control %q: %w", name, refused)
	}
	return nil
}

// tcpFetch receives for as long as it is told, from the first byte on, and says how many bytes came after it in how many
// milliseconds.
func tcpFetch(address string, lasts time.Duration) error {
	connection, err := net.DialTimeout("tcp", address, time.Minute)
	if err != nil {
		return err
	}
	if err := connection.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	chunk := make([]byte, chunkBytes)
	if _, err := connection.Read(chunk); err != nil {
		return err
	}
	started := time.Now()
	if err := connection.SetReadDeadline(started.Add(lasts)); err != nil {
		return err
	}
	bytes := 0
	for {
		length, err := connection.Read(chunk)
		bytes += length
		if err != nil {
			break
		}
	}
	say(map[string]any{"event": "done", "bytes": bytes, "ms": milliseconds(time.Since(started))})
	return nil
}
