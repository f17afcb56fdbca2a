package asterisk_test

import (
	"context"
	"testing"

	"centralita/asterisk"
	"centralita/asterisk/asterisktest"
)

func TestStart(t *testing.T) {
	instance := asterisktest.Start(t)
	client := asterisktest.Client(t, instance.Config(), "crm-test")
	info, err := client.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !asterisk.NewEnough(info.Version) || info.EntityID != instance.Config().EntityID {
		t.Errorf("info %+v", info)
	}
	asterisktest.Quiet(t, client)
	t.Error("show log")
}
