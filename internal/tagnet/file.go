package tagnet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"debrief"
)

// magic begins a model file; the digit is the version of the form.
const magic = "tagnet3\n"

// maxMembers and maxSide bound what a damaged header can make us allocate.
const (
	maxMembers = 64
	maxSide    = 1 << 16
)

// Write stores an ensemble: header, vocabulary, then for each matrix one scale a row and one signed byte a
// value. Rounding to bytes moves probabilities by about 0.001.
func (e *Ensemble) Write(w io.Writer) error {
	z := gzip.NewWriter(w)
	s := e.nets[0].size
	head := []uint32{uint32(len(e.nets)), uint32(s.Labels), uint32(s.Word), uint32(s.Meaning), uint32(s.Context), uint32(len(e.nets[0].words))}
	var buf bytes.Buffer
	buf.WriteString(magic)
	if err := binary.Write(&buf, binary.LittleEndian, head); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	if err := binary.Write(&buf, binary.LittleEndian, []uint32(e.nets[0].words)); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	for _, n := range e.nets {
		for _, p := range n.params() {
			for i := range p.rows {
				scale, quantised := quantise(p.row(i))
				binary.Write(&buf, binary.LittleEndian, scale)
				binary.Write(&buf, binary.LittleEndian, quantised)
			}
		}
	}
	if _, err := z.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	return nil
}

func quantise(row []float32) (scale float32, out []int8) {
	for _, v := range row {
		scale = max(scale, float32(math.Abs(float64(v))))
	}
	scale /= math.MaxInt8
	out = make([]int8, len(row))
	if scale == 0 {
		return scale, out
	}
	for i, v := range row {
		out[i] = int8(math.Round(float64(v / scale)))
	}
	return scale, out
}

// Read loads an ensemble. Errors wrap debrief.ErrModel.
func Read(r io.Reader) (*Ensemble, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, damaged(err)
	}
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(z, start); err != nil {
		return nil, damaged(err)
	}
	if string(start) != magic {
		return nil, damaged(fmt.Errorf("begins with %q", start))
	}
	var head [6]uint32
	if err := binary.Read(z, binary.LittleEndian, &head); err != nil {
		return nil, damaged(err)
	}
	for i, v := range head {
		if v == 0 || v > maxSide || i == 0 && v > maxMembers {
			return nil, damaged(fmt.Errorf("header %v", head))
		}
	}
	size := Size{Labels: int(head[1]), Word: int(head[2]), Meaning: int(head[3]), Context: int(head[4])}
	words := make(Vocabulary, head[5])
	if err := binary.Read(z, binary.LittleEndian, []uint32(words)); err != nil {
		return nil, damaged(err)
	}
	if !slices.IsSorted(words) {
		return nil, damaged(fmt.Errorf("vocabulary out of order"))
	}
	e := &Ensemble{}
	for range head[0] {
		n := newNet(size, words)
		for _, p := range n.params() {
			if err := readMatrix(z, p); err != nil {
				return nil, damaged(err)
			}
			p.g = nil
		}
		e.nets = append(e.nets, n)
	}
	return e, nil
}

func readMatrix(r io.Reader, p *matrix) error {
	raw := make([]byte, 4+p.cols)
	for i := range p.rows {
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		scale := math.Float32frombits(binary.LittleEndian.Uint32(raw))
		for k, b := range raw[4:] {
			p.row(i)[k] = scale * float32(int8(b))
		}
	}
	return nil
}

func damaged(err error) error {
	return fmt.Errorf("read tagger model: %w: %w", debrief.ErrModel, err)
}

// Labels is the number of prompts the ensemble knows.
func (e *Ensemble) Labels() int { return e.nets[0].size.Labels }
