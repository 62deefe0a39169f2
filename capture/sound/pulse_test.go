package sound

import "testing"

func TestSourceDevice(t *testing.T) {
	hfp := pulseSource{
		Index: 4, Name: "bluez_source.AA.handsfree_head_unit", Description: "Lapel", Spec: "s16le 1ch 8000Hz",
		Properties: map[string]string{"device.bus": "bluetooth", "bluetooth.codec": "CVSD"},
	}.device()
	if hfp.Kind != Bluetooth || hfp.Rate != 8000 || hfp.Channels != 1 || !hfp.NarrowBand() {
		t.Errorf("%+v", hfp)
	}
	msbc := pulseSource{Name: "bluez_input.AA", Spec: "s16le 1ch 16000Hz", Properties: map[string]string{"api.bluez5.codec": "msbc"}}.device()
	if msbc.Kind != Bluetooth || msbc.NarrowBand() || msbc.Codec != "msbc" {
		t.Errorf("%+v", msbc)
	}
	if d := (pulseSource{Name: "x.monitor", MonitorOf: "x"}).device(); d.Kind != Monitor || d.NarrowBand() {
		t.Errorf("%+v", d)
	}
}
