// Command emulator is a network link between two namespaces, with the delay, loss and the rest that it is told to have.
//
// It makes two network namespaces, each with one TUN device, and carries packets from one device to the other. Both
// namespaces live as long as this process and the programs in them; they have no names, so nothing can be left behind.
//
// Commands come as JSON lines on standard input, each with an id; the answer is a JSON line {"event":"reply ID", …} on
// standard output, with "error" if the command was refused. The end of standard input ends the process.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
)

const device = "emu0"

type command struct {
	ID         int         `json:"id"`
	Do         string      `json:"do"`
	Direction  string      `json:"direction"`
	Impairment *impairment `json:"impairment"`
	On         bool        `json:"on"`
	Side       string      `json:"side"`
	Mapping    *mapping    `json:"mapping"`
	Seed       uint64      `json:"seed"`
	Reset      bool        `json:"reset"`
}

type link struct {
	left, right              *side
	leftToRight, rightToLeft *direction
}

func main() {
	goAhead()
	network, err := newLink()
	if err != nil {
		var code syscall.Errno
		errors.As(err, &code)
		say(map[string]any{"event": "started", "errno": int(code), "message": err.Error()})
		os.Exit(1)
	}
	say(map[string]any{
		"event": "started", "errno": 0, "device": device,
		"left": network.left.namespace, "right": network.right.namespace,
	})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked command
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			say(map[string]any{"event": "refused", "message": err.Error()})
			continue
		}
		reply := map[string]any{"event": fmt.Sprintf("reply %d", asked.ID)}
		if counts, err := network.obey(asked); err != nil {
			reply["error"] = err.Error()
		} else if counts != nil {
			reply["counts"] = counts
		}
		say(reply)
	}
}

func newLink() (*link, error) {
	left, err := openSide()
	if err != nil {
		return nil, err
	}
	right, err := openSide()
	if err != nil {
		return nil, err
	}
	network := &link{left: left, right: right}
	if network.leftToRight, err = newDirection(left, right); err != nil {
		return nil, err
	}
	if network.rightToLeft, err = newDirection(right, left); err != nil {
		return nil, err
	}
	go network.leftToRight.run()
	go network.rightToLeft.run()
	return network, nil
}

func (l *link) obey(asked command) (any, error) {
	switch asked.Do {
	case "set":
		if asked.Impairment == nil {
			return nil, errors.New("no impairment was given")
		}
		if err := asked.Impairment.check(); err != nil {
			return nil, err
		}
		return nil, l.each(asked.Direction, func(d *direction) { d.impairment.Store(asked.Impairment) })
	case "seed":
		return nil, l.each(asked.Direction, func(d *direction) { d.seed.Store(&asked.Seed) })
	case "blackhole":
		return nil, l.each(asked.Direction, func(d *direction) { d.blackhole.Store(asked.On) })
	case "map":
		if asked.Mapping != nil {
			if err := asked.Mapping.check(); err != nil {
				return nil, err
			}
		}
		switch asked.Side {
		case "left":
			l.left.mapping.Store(asked.Mapping)
		case "right":
			l.right.mapping.Store(asked.Mapping)
		default:
			return nil, fmt.Errorf("no side is called %q", asked.Side)
		}
		return nil, nil
	case "count":
		counts := map[string]report{}
		for name, d := range map[string]*direction{"leftToRight": l.leftToRight, "rightToLeft": l.rightToLeft} {
			read, err := d.report(asked.Reset)
			if err != nil {
				return nil, err
			}
			counts[name] = read
		}
		return counts, nil
	default:
		return nil, fmt.Errorf("no command is called %q", asked.Do)
	}
}

func (l *link) each(name string, do func(*direction)) error {
	switch name {
	case "leftToRight":
		do(l.leftToRight)
	case "rightToLeft":
		do(l.rightToLeft)
	case "both":
		do(l.leftToRight)
		do(l.rightToLeft)
	default:
		return fmt.Errorf("no direction is called %q", name)
	}
	return nil
}

func say(message any) {
	line, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	// Whoever started this is gone if it cannot be written; the end of standard input then ends the process.
	_, _ = os.Stdout.Write(append(line, '\n'))
}
