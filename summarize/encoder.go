package summarize

import (
	"fmt"
	"path/filepath"
	"sync"

	"debrief"
	"debrief/internal/models"
	"debrief/internal/ort"

	onnx "github.com/yalue/onnxruntime_go"
)

// EmbeddingDims is the length of an embedding.
const EmbeddingDims = 512

// Encoder turns a text into a point whose nearness to others is nearness in topic. It is blind
// to polarity: "I felt calm" lies beside "I felt anxious". Safe for concurrent use.
type Encoder struct {
	tokens *tokenizer

	mu      sync.Mutex // guards session: one run at a time keeps to one core
	session *onnx.DynamicAdvancedSession
}

// NewEncoder loads the sentence encoder; Close it. Errors wrap debrief.ErrModel.
func NewEncoder(dir models.Dir) (*Encoder, error) {
	if err := ort.Start(dir.Runtime()); err != nil {
		return nil, fmt.Errorf("load sentence encoder: %w", err)
	}
	tokens, err := readTokenizer(filepath.Join(dir.USE(), "vocab.json"))
	if err != nil {
		return nil, fmt.Errorf("load sentence encoder: %w", err)
	}
	session, err := ort.Open(filepath.Join(dir.USE(), "encoder.onnx"), []string{"ids"}, []string{"emb"})
	if err != nil {
		return nil, fmt.Errorf("load sentence encoder: %w", err)
	}
	return &Encoder{tokens: tokens, session: session}, nil
}

// Close frees the model.
func (e *Encoder) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session == nil {
		return nil
	}
	err := e.session.Destroy()
	e.session = nil
	return err
}

// Embed returns [EmbeddingDims] numbers of length 1, or all zeros for a text without a single
// known piece. Text beyond 128 tokens (about 90 words) is not looked at. 2-5 ms on one core.
// Errors wrap debrief.ErrModel.
func (e *Encoder) Embed(text string) ([]float32, error) {
	out := make([]float32, EmbeddingDims)
	ids := e.tokens.split(text)
	if len(ids) == 0 {
		return out, nil
	}
	in, err := onnx.NewTensor(onnx.NewShape(int64(len(ids))), ids)
	if err != nil {
		return nil, fmt.Errorf("embed text: %w: %w", debrief.ErrModel, err)
	}
	defer in.Destroy()
	emb, err := onnx.NewTensor(onnx.NewShape(1, EmbeddingDims), out)
	if err != nil {
		return nil, fmt.Errorf("embed text: %w: %w", debrief.ErrModel, err)
	}
	defer emb.Destroy()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session == nil {
		return nil, fmt.Errorf("embed text: the encoder is closed: %w", debrief.ErrModel)
	}
	if err := e.session.Run([]onnx.Value{in}, []onnx.Value{emb}); err != nil {
		return nil, fmt.Errorf("embed text: %w: %w", debrief.ErrModel, err)
	}
	return out, nil
}
