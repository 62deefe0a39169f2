package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"debrief"
	"debrief/capture/sound"

	"github.com/urfave/cli/v2"
)

// captureChildCommand is the hidden command that owns PortAudio.
func captureChildCommand() *cli.Command {
	return &cli.Command{
		Name:            captureChild,
		Hidden:          true,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			if code := sound.Child(c.Args().Slice(), os.Stdin, os.Stdout); code != 0 {
				return reported{errors.New("capture process ended")} // it has told its parent why
			}
			return nil
		},
	}
}

// newSoundHost runs the small capture program when it is there, else this one as its twin.
func newSoundHost() (*sound.Host, error) {
	if path, err := beside(captureProgram); err == nil {
		return sound.NewHost(sound.Config{Child: []string{path}})
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return sound.NewHost(sound.Config{Child: []string{self, captureChild}})
}

func devicesCommand() *cli.Command {
	return &cli.Command{
		Name:  "devices",
		Usage: "list the microphones of this machine",
		Description: "The name is what record --device takes; a part of it that fits one only will do.\n" +
			"A rate of 8000 is telephone sound: Bluetooth's narrow band.",
		Flags: []cli.Flag{
			jsonFlag(),
			&cli.BoolFlag{Name: "all", Usage: "also what loudspeakers play"},
		},
		Action: func(c *cli.Context) error {
			host, err := newSoundHost()
			if err != nil {
				return err
			}
			defer host.Close()
			devices, err := host.Devices(c.Context)
			if err != nil {
				return err
			}
			if !c.Bool("all") {
				devices = microphones(devices)
			}
			if c.Bool("json") {
				enc := json.NewEncoder(c.App.Writer)
				for _, d := range devices {
					if err := enc.Encode(d); err != nil {
						return err
					}
				}
				return nil
			}
			if len(devices) == 0 {
				return noMicrophone()
			}
			return printDevices(c, devices)
		},
	}
}

func noMicrophone() error {
	return debrief.WithHint(fmt.Errorf("microphones: %w", debrief.ErrNotFound), "plug one in or switch it on; a Bluetooth microphone must be connected and in its headset profile")
}

func microphones(devices []sound.Device) []sound.Device {
	var out []sound.Device
	for _, d := range devices {
		if d.Kind != sound.Monitor {
			out = append(out, d)
		}
	}
	return out
}

func printDevices(c *cli.Context, devices []sound.Device) error {
	t := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tKIND\tRATE\tDESCRIPTION")
	for _, d := range devices {
		rate, note := "-", d.Description
		if d.Rate > 0 {
			rate = fmt.Sprintf("%d Hz", d.Rate)
		}
		if d.NarrowBand() {
			note += " (telephone sound)"
		}
		if d.Muted {
			note += " (muted)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", d.Name, d.Kind, rate, note)
	}
	return t.Flush()
}

// chooseDevices returns the order of preference: what the user named, else the only microphone
// there is. Among several nobody but the user can choose.
func chooseDevices(c *cli.Context, host *sound.Host) ([]string, error) {
	if named := c.StringSlice("device"); len(named) > 0 {
		return named, nil
	}
	devices, err := host.Devices(c.Context)
	if err != nil {
		return nil, err
	}
	switch devices = microphones(devices); len(devices) {
	case 0:
		return nil, noMicrophone()
	case 1:
		return []string{devices[0].Name}, nil
	}
	return nil, usageError(fmt.Sprintf("%d microphones are there, e.g. %s and %s", len(devices), devices[0].Name, devices[1].Name),
		"name one with --device, and a second one to fall back to; debrief devices lists them")
}
