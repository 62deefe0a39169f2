package sound

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// What the child sends: a kind (1 byte), the length of the body (4 bytes), the body.
// Numbers are little-endian.
const (
	msgOpened = 'O' // the stream is open; body: the device's name
	msgFrame  = 'F' // body: time (8 bytes, ns), samples lost before (4 bytes), samples (2 bytes each)
	msgError  = 'E' // the stream is over; body: why
	msgList   = 'L' // body: JSON list of devices

	wireHead  = 5
	frameHead = 12

	// maxBody bounds a message in bytes: ten seconds of sound, or some hundred devices.
	maxBody = 320_000
)

var errWire = errors.New("the capture process speaks nonsense")

// appendMessage appends a message to b.
func appendMessage(b []byte, kind byte, body []byte) []byte {
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

func appendFrame(b []byte, f Frame) []byte {
	b = append(b, msgFrame)
	b = binary.LittleEndian.AppendUint32(b, uint32(frameHead+2*len(f.PCM)))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.At))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Lost))
	for _, v := range f.PCM {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// readMessage reads one message; the body is in buf, grown when needed. io.EOF between messages.
func readMessage(r io.Reader, buf []byte) (kind byte, body []byte, err error) {
	var head [wireHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxBody {
		return 0, nil, fmt.Errorf("%w: message of %d bytes", errWire, n)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	if _, err := io.ReadFull(r, buf[:n]); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return head[0], buf[:n], nil
}

func parseFrame(body []byte) (Frame, error) {
	if len(body) < frameHead || len(body)%2 != 0 {
		return Frame{}, fmt.Errorf("%w: frame of %d bytes", errWire, len(body))
	}
	f := Frame{
		At:   time.Duration(binary.LittleEndian.Uint64(body)),
		Lost: int(binary.LittleEndian.Uint32(body[8:])),
		PCM:  make([]int16, (len(body)-frameHead)/2),
	}
	for i := range f.PCM {
		f.PCM[i] = int16(binary.LittleEndian.Uint16(body[frameHead+2*i:]))
	}
	return f, nil
}
