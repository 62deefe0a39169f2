// Package screen shows a recording on a terminal: what is heard, for how long, by which
// microphone, what of it is safe where, and what is wrong. [Lines] is the picture; [Screen] puts
// it on a terminal and keeps what is printed between above it. It never reads keys.
package screen

import (
	"fmt"
	"io"
	"strings"
	"time"

	"debrief"
	"debrief/capture"
)

// View is everything the screen shows.
type View struct {
	capture.Status
	Upload      capture.Upload
	Title       string          // whose recording it is
	Transcribed debrief.Samples // 0 when nothing is, or nobody asked for it
}

// meterWidth is the width of the level meter in characters; each is 3 dB, from -60 dBFS up.
const meterWidth = 20

var states = map[capture.State]string{
	capture.Opening:   "… looking for the microphone",
	capture.Waiting:   "… listening, NO SIGNAL YET",
	capture.Recording: "● RECORDING",
	capture.Deaf:      "✗ NOT HEARING ANYTHING",
	capture.Paused:    "‖ PAUSED, not recorded",
	capture.Stopped:   "■ stopped",
}

// Lines draws the view, each line at most width characters.
func Lines(v View, width int) []string {
	device := v.Device
	if device == "" {
		device = "no microphone"
	}
	out := []string{
		fmt.Sprintf("%s  %s   %s", states[v.State], clock(v.Elapsed), v.Title),
		fmt.Sprintf("  %s %s %s", meter(v.RMS, v.Peak), level(v.RMS), device),
		fmt.Sprintf("  on disk %s · in the store %s · %s", v.Safe, v.Upload.Stored, waiting(v.Upload)),
	}
	if v.Transcribed > 0 {
		out[2] += fmt.Sprintf(" · transcribed %s", v.Transcribed)
	}
	if v.Unheard >= time.Second {
		out = append(out, fmt.Sprintf("  not heard or paused: %s", clock(v.Unheard)))
	}
	for _, w := range v.Warnings {
		out = append(out, "  ! "+capture.Describe(w))
	}
	out = append(out, "  space pause · m mark · q stop")
	for i, line := range out {
		if r := []rune(line); len(r) > width {
			out[i] = string(r[:max(0, width)])
		}
	}
	return out
}

// Line says the same in one line, for logs.
func Line(v View) string {
	parts := []string{string(v.State), level(v.RMS), "on disk " + v.Safe.String(), "in the store " + v.Upload.Stored.String()}
	if v.Transcribed > 0 {
		parts = append(parts, "transcribed "+v.Transcribed.String())
	}
	for _, w := range v.Warnings {
		parts = append(parts, capture.Describe(w))
	}
	if v.Upload.Problem != "" {
		parts = append(parts, waiting(v.Upload))
	}
	return strings.Join(parts, " · ")
}

func clock(d time.Duration) string { return debrief.SamplesOf(d.Seconds()).String() }

func waiting(u capture.Upload) string {
	switch {
	case u.Problem != "":
		return fmt.Sprintf("store not reachable, %d segments wait", u.Waiting)
	case u.Waiting > 0:
		return fmt.Sprintf("%d segments wait", u.Waiting)
	}
	return "nothing waits"
}

func level(rms float64) string {
	if rms == 0 { // no block yet; a full-scale square wave does not happen
		return "  -  dBFS"
	}
	return fmt.Sprintf("%4.0f dBFS", rms)
}

// meter draws the level as a bar and the peak as a tick.
func meter(rms, peak float64) string {
	at := func(db float64) int { return min(meterWidth, max(0, int((db+60)/3+0.5))) }
	if rms == 0 {
		return strings.Repeat("░", meterWidth)
	}
	bar := []rune(strings.Repeat("█", at(rms)) + strings.Repeat("░", meterWidth-at(rms)))
	if p := at(peak); p > 0 {
		bar[p-1] = '▌'
	}
	return string(bar)
}

// Screen draws views over one another.
type Screen struct {
	out   io.Writer
	width int
	drawn int // lines on the terminal
}

// New makes a screen on a terminal of this width.
func New(out io.Writer, width int) *Screen { return &Screen{out: out, width: width} }

// Draw replaces the last view.
func (s *Screen) Draw(v View) {
	var b strings.Builder
	s.erase(&b)
	lines := Lines(v, s.width-1)
	for _, l := range lines {
		b.WriteString(l + "\r\n")
	}
	s.drawn = len(lines)
	io.WriteString(s.out, b.String())
}

// Print puts a line above the view, which the next Draw brings back.
func (s *Screen) Print(line string) {
	var b strings.Builder
	s.erase(&b)
	s.drawn = 0
	b.WriteString(line + "\r\n")
	io.WriteString(s.out, b.String())
}

func (s *Screen) erase(b *strings.Builder) {
	if s.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\x1b[J", s.drawn)
	}
}
