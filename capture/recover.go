package capture

import (
	"fmt"
	"log/slog"
	"time"

	"debrief/capture/spool"
)

// Recover mends what crashes left in the spool and tells it. A recording of who that crashed at
// most ten minutes ago stays open, for [New] to go on with; a zero who leaves none open.
func Recover(dir string, who spool.Who, now func() time.Time, log *slog.Logger, notify func(Event)) error {
	found, err := spool.Recover(dir, now, log, func(st spool.State) bool { return who.Client != "" && resumable(st, who, now()) })
	if err != nil {
		return err
	}
	for _, f := range found {
		rec := f.State.Recording
		e := Event{Wall: now(), At: rec.Samples, Kind: "recovered"}
		switch {
		case f.Err != nil:
			e.Bad = true
			e.Text = fmt.Sprintf("recording %s could not be mended, its files are left as they are: %v", rec.ID, f.Err)
		case f.Ended:
			e.Text = fmt.Sprintf("recovered %s of recording %s (client %s, session %d, %s)", rec.Samples, rec.ID, rec.Client, rec.Session, rec.Phase)
		default:
			e.Text = fmt.Sprintf("going on with recording %s after a crash; %s of it are safe", rec.ID, rec.Samples)
		}
		notify(e)
	}
	return nil
}
