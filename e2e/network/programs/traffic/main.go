// Command traffic is what the emulator is tested and measured with: senders and receivers of UDP packets and of a TCP
// stream. Each prints JSON lines: servers {"event":"ready","port":…} first, whatever measures {"event":"done", …}.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("what to do is missing"))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	address := flags.String("address", "", "address and port to listen on, or to send to")
	count := flags.Int("count", 100, "how many packets")
	interval := flags.Duration("interval", time.Millisecond, "time between packets")
	size := flags.Int("size", 64, "bytes of a packet's payload")
	lasts := flags.Duration("for", time.Second, "how long")
	linger := flags.Duration("linger", time.Second, "how long to wait for what is missing")
	congestion := flags.String("congestion", "", "name of the TCP congestion control; the system's own without")
	// ExitOnError: it does not return one.
	_ = flags.Parse(os.Args[2:])

	var err error
	switch os.Args[1] {
	case "udp-echo":
		err = udpEcho(*address)
	case "udp-ping":
		err = udpPing(*address, *count, *interval, *size, *linger)
	case "udp-sink":
		err = udpSink(*address, *linger)
	case "udp-blast":
		err = udpBlast(*address, *lasts, *size)
	case "tcp-serve":
		err = tcpServe(*address, *congestion)
	case "tcp-fetch":
		err = tcpFetch(*address, *lasts)
	default:
		err = fmt.Errorf("%q is nothing that can be done", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func say(message map[string]any) {
	line, err := json.Marshal(message)
	if err != nil {
		fail(err)
	}
	if _, err := os.Stdout.Write(append(line, '\n')); err != nil {
		fail(err)
	}
}
