package main

import "context"

func asrWorkers(ctx context.Context, shared string) ([]figure, error)  { return nil, nil }
func asrBadSound(ctx context.Context, shared string) ([]figure, error) { return nil, nil }
func asrNothing(ctx context.Context, shared string) ([]figure, error)  { return nil, nil }
func asrPeer(ctx context.Context, shared string) ([]figure, error)     { return nil, nil }
func asrLong(ctx context.Context, shared string) ([]figure, error)     { return nil, nil }
