/** What to do where WebGPU is missing, by browser. */
export interface Advice {
  readonly browser: string;
  readonly advice: string;
}

const ADVICE: Readonly<Record<'chromium' | 'firefox' | 'safari', Advice>> = {
  chromium: {
    browser: 'Chrome and Edge',
    advice:
      'Version 113 or later, on Linux a recent one. Turn on "Use graphics acceleration when available" under Settings, System, and start the browser again. chrome://gpu says what is missing.',
  },
  firefox: {
    browser: 'Firefox',
    advice:
      'Version 141 or later on Windows, 145 on a Mac with Apple silicon. On Linux use Firefox Nightly, or Chrome.',
  },
  safari: {
    browser: 'Safari',
    advice: 'Version 26 or later: macOS 26, iOS 26 or iPadOS 26.',
  },
};

/** The reader's own browser first. */
export function adviceFor(userAgent: string): readonly Advice[] {
  const own = /firefox/i.test(userAgent)
    ? ADVICE.firefox
    : /chrom|edg/i.test(userAgent)
      ? ADVICE.chromium
      : ADVICE.safari;
  return [own, ...Object.values(ADVICE).filter((advice) => advice !== own)];
}
