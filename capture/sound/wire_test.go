package sound

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"debrief"
)

func TestWire(t *testing.T) {
	want := Frame{At: 42 * time.Second, Lost: 7, PCM: []int16{0, -1, 32767, -32768}}
	b := appendMessage(appendFrame(nil, want), msgError, []byte("gone"))
	r := bytes.NewReader(b)
	kind, body, err := readMessage(r, nil)
	if err != nil || kind != msgFrame {
		t.Fatalf("%q, %v", kind, err)
	}
	if got, err := parseFrame(body); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if kind, body, err := readMessage(r, body); err != nil || kind != msgError || string(body) != "gone" {
		t.Errorf("%q %q, %v", kind, body, err)
	}
	if _, _, err := readMessage(r, nil); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for n := 1; n < len(b); n++ {
		r := bytes.NewReader(b[:n])
		for err = nil; err == nil; {
			_, _, err = readMessage(r, nil)
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add(appendFrame(nil, Frame{At: 1, PCM: []int16{1, 2}}))
	f.Add(appendMessage(nil, msgError, []byte("x")))
	f.Add([]byte{msgFrame, 255, 255, 255, 255})
	f.Add([]byte{msgFrame, 3, 0, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		for {
			kind, body, err := readMessage(r, nil)
			if err != nil {
				return
			}
			if frame, err := parseFrame(body); kind == msgFrame && err == nil {
				if got := appendFrame(nil, frame); !bytes.Equal(got[wireHead:], body) {
					t.Fatalf("%x becomes %x", body, got[wireHead:])
				}
			}
		}
	})
}

func TestMatch(t *testing.T) {
	devices := []Device{
		{Name: "alsa_input.pci", Description: "Built-in Audio"},
		{Name: "bluez_source.AA_BB.handsfree_head_unit", Description: "Lapel Mic Pro"},
		{Name: "bluez_source.CC_DD.handsfree_head_unit", Description: "Lapel"},
		{Name: "sink.monitor", Description: "Monitor of Speakers", Kind: Monitor},
	}
	for want, name := range map[string]string{
		"lapel":          "bluez_source.CC_DD.handsfree_head_unit", // described so, whole
		"pro":            "bluez_source.AA_BB.handsfree_head_unit",
		"ALSA_INPUT.PCI": "alsa_input.pci",
		"sink.monitor":   "sink.monitor",
	} {
		if d, err := Match(devices, want); err != nil || d.Name != name {
			t.Errorf("%q: %q, %v", want, d.Name, err)
		}
	}
	for want, kind := range map[string]error{
		"bluez": debrief.ErrInvalid, "speakers": debrief.ErrNotFound, "": debrief.ErrNotFound, "0": debrief.ErrNotFound,
	} {
		if d, err := Match(devices, want); !errors.Is(err, kind) {
			t.Errorf("%q: %+v, %v", want, d, err)
		}
	}
}

func TestQueue(t *testing.T) {
	t.Run("drops and counts when nobody reads", func(t *testing.T) {
		q := newQueue()
		const n = queueLimit/frameSamples + 3
		for range n {
			q.put(Frame{PCM: make([]int16, frameSamples)})
		}
		q.end("over")
		var out bytes.Buffer
		if code := q.writeTo(&out); code != 1 {
			t.Errorf("code %d", code)
		}
		frames := 0
		for {
			kind, _, err := readMessage(&out, nil)
			if err != nil {
				break
			}
			if kind == msgFrame {
				frames++
			}
		}
		if frames != queueLimit/frameSamples {
			t.Errorf("%d frames kept", frames)
		}
	})
	t.Run("tells the next frame what was lost", func(t *testing.T) {
		q := newQueue()
		for range queueLimit/frameSamples + 2 {
			q.put(Frame{PCM: make([]int16, frameSamples)})
		}
		q.frames, q.held = nil, 0
		q.put(Frame{PCM: make([]int16, frameSamples)})
		if got := q.frames[0].Lost; got != 2*frameSamples {
			t.Errorf("lost %d", got)
		}
	})
}
