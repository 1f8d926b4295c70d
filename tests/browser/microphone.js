// In place of the machine's microphone: one that says what the test hands to `speakIntoMicrophone`.
(() => {
  let audio, out;
  function microphone() {
    audio ??= new AudioContext({ sampleRate: 48000 });
    out ??= audio.createMediaStreamDestination();
    return out.stream.clone();
  }
  window.speakIntoMicrophone = async (base64) => {
    microphone();
    await audio.resume();
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const source = audio.createBufferSource();
    source.buffer = await audio.decodeAudioData(bytes.buffer);
    source.connect(out);
    source.start();
    await new Promise((done) => (source.onended = done));
  };
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const real = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => (wanted?.audio && !wanted.video ? microphone() : real(wanted));
})();
