// Alarm sounds, made here and now: a burst of soft tones for each priority, after the patterns of IEC 60601-1-8.
// Silent until somebody taps the switch; a browser allows no sooner either.

// Tones of a burst: [start in seconds, pitch in Hz].
const PATTERNS: Record<string, { tones: [number, number][]; every: number; length: number }> = {
  high: { tones: [[0, 523], [0.2, 659], [0.4, 784], [0.75, 784], [0.95, 1047], [1.5, 523], [1.7, 659], [1.9, 784], [2.25, 784], [2.45, 1047]], every: 8, length: 0.12 },
  medium: { tones: [[0, 523], [0.3, 659], [0.6, 784]], every: 15, length: 0.18 },
  low: { tones: [[0, 659], [0.3, 523]], every: 30, length: 0.2 },
  call: { tones: [[0, 784], [0.45, 659]], every: 20, length: 0.35 },
};
const LOUDNESS = 0.07;

export class Sound {
  private context: AudioContext | null = null;
  private on = false;
  private wanted = "";
  private playedAt = -Infinity;
  /** The device has taken the sound away, as it may while it sleeps. */
  onLost: () => void = () => undefined;

  /** Switches the sound; true when it is on now. One soft tone confirms it. */
  async toggle(): Promise<boolean> {
    this.on = !this.on;
    if (this.on) {
      if (!this.context) {
        this.context = new AudioContext();
        this.context.addEventListener("statechange", () => {
          if (this.on && this.context?.state !== "running") {
            this.on = false;
            this.onLost();
          }
        });
      }
      await this.context.resume();
      this.tone(this.context.currentTime, 659, 0.15);
      this.playedAt = -Infinity;
    }
    return this.on;
  }

  /** What should be heard now: a priority, "call", or "" for silence. Called once a second. */
  wants(what: string): void {
    if (what !== this.wanted) this.playedAt = -Infinity;
    this.wanted = what;
    const pattern = PATTERNS[what];
    if (!this.on || !pattern || !this.context) return;
    const now = this.context.currentTime;
    if (now - this.playedAt < pattern.every) return;
    this.playedAt = now;
    for (const [start, pitch] of pattern.tones) this.tone(now + 0.05 + start, pitch, pattern.length);
  }

  private tone(at: number, pitch: number, length: number): void {
    const context = this.context!;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = pitch;
    oscillator.type = "triangle";
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
    gain.gain.setValueAtTime(LOUDNESS, at + length);
    gain.gain.linearRampToValueAtTime(0, at + length + 0.05);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + length + 0.1);
  }
}
