// Has sherpa-onnx recognise files, on one thread, and prints its processor time and the texts.
// usage: node -e "$(cat peer.js)" FOLDER-OF-WEIGHTS FILE.wav...
const sherpa = require('sherpa-onnx-node');
const [dir, ...files] = process.argv.slice(1);
const recogniser = new sherpa.OfflineRecognizer({
  featConfig: {sampleRate: 16000, featureDim: 80},
  modelConfig: {
    moonshine: {encoder: `${dir}/encoder_model.onnx`, mergedDecoder: `${dir}/decoder_model_merged.onnx`},
    tokens: `${dir}/tokens.txt`,
    numThreads: 1,
    provider: 'cpu',
  },
});
const waves = files.map(f => sherpa.readWave(f));
const before = process.cpuUsage();
const texts = waves.map(wave => {
  const stream = recogniser.createStream();
  stream.acceptWaveform(wave);
  recogniser.decode(stream);
  return recogniser.getResult(stream).text;
});
const used = process.cpuUsage(before);
console.log(JSON.stringify({cpu: (used.user + used.system) / 1e6, texts}));
