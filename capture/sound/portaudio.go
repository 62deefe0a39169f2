//go:build cgo && !noportaudio

package sound

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"debrief"

	"github.com/gordonklaus/portaudio"
)

// Available tells whether this binary can record.
const Available = true

// listInputs lists PortAudio's microphones. Its list is frozen while it is initialised, so each
// call is a process of its own.
func listInputs() ([]Device, error) {
	if err := portaudio.Initialize(); err != nil {
		return nil, fmt.Errorf("start PortAudio: %w", paError(err))
	}
	defer portaudio.Terminate()
	infos, err := portaudio.Devices()
	if err != nil {
		return nil, fmt.Errorf("list microphones: %w", paError(err))
	}
	def, _ := portaudio.DefaultInputDevice() // none is no error here
	var out []Device
	for _, d := range infos {
		if d.MaxInputChannels == 0 {
			continue
		}
		out = append(out, Device{
			Name: d.Name, Kind: kindOf(d.Name), Rate: int(d.DefaultSampleRate), Channels: d.MaxInputChannels,
			Default: def != nil && def.Index == d.Index, API: d.HostApi.Name,
		})
	}
	return out, nil
}

// kindOf guesses from a name, where nothing better is known.
func kindOf(name string) Kind {
	n := strings.ToLower(name)
	for _, k := range []struct {
		word string
		kind Kind
	}{{"monitor", Monitor}, {"bluez", Bluetooth}, {"bluetooth", Bluetooth}, {"hands-free", Bluetooth}, {"headset", Bluetooth}, {"usb", USB}, {"built-in", BuiltIn}, {"internal", BuiltIn}} {
		if strings.Contains(n, k.word) {
			return k.kind
		}
	}
	return Unknown
}

// paInput reads by Pa_ReadStream: it costs half of what a callback does, and unlike a callback it
// says when the device is lost.
type paInput struct {
	stream *portaudio.Stream
	buf    []int16
}

func openInput(name string, latency time.Duration) (input, error) {
	if err := portaudio.Initialize(); err != nil {
		return nil, fmt.Errorf("start PortAudio: %w", paError(err))
	}
	infos, err := portaudio.Devices()
	if err != nil {
		return nil, fmt.Errorf("list microphones: %w", paError(err))
	}
	for _, d := range infos {
		if d.Name != name || d.MaxInputChannels == 0 {
			continue
		}
		in := &paInput{buf: make([]int16, frameSamples)}
		in.stream, err = portaudio.OpenStream(portaudio.StreamParameters{
			Input:           portaudio.StreamDeviceParameters{Device: d, Channels: 1, Latency: latency},
			SampleRate:      debrief.SampleRate,
			FramesPerBuffer: frameSamples,
		}, in.buf)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, paError(err))
		}
		if err := in.stream.Start(); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, paError(err))
		}
		return in, nil
	}
	return nil, fmt.Errorf("microphone %q: %w", name, debrief.ErrNotFound)
}

func (p *paInput) read(pcm []int16) (waiting int, err error) {
	err = p.stream.Read()
	// An overflow is loss before these samples; they themselves are good. The parent sees the loss
	// by the clock, which also sees what PortAudio never reports.
	if err != nil && !errors.Is(err, portaudio.InputOverflowed) {
		return 0, fmt.Errorf("read: %w", paError(err))
	}
	copy(pcm, p.buf)
	if waiting, err = p.stream.AvailableToRead(); err != nil {
		return 0, nil // the next Read tells
	}
	return waiting, nil
}

func (p *paInput) close() {
	p.stream.Abort()
	p.stream.Close()
	portaudio.Terminate()
}

// paError gives words to errors for which PortAudio has none: a device that goes away has an empty text.
func paError(err error) error {
	if err.Error() == "" {
		return errors.New("the device is gone")
	}
	return err
}
