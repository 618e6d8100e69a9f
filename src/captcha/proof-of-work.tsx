import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1'
import type { Captcha, CaptchaDeps } from './captcha.ts'

const FIELD = 'altcha'
const LIFETIME_MS = 20 * 60_000

/** So many hashes at most: a second or two of a phone. */
const HARDEST = 50_000

/** Altcha's challenge (version 1), solved by a small script of ours: nothing is loaded from anywhere. */
export const proofOfWork = ({ secrets, now }: CaptchaDeps): Captcha => {
  const hmacKey = secrets.keyFor('proof of work').toString('hex')
  return {
    field: FIELD,
    foreign: [],
    script: 'proof-of-work.js',
    widget: async (subject) => {
      const challenge = await createChallenge({
        hmacKey,
        maxNumber: HARDEST,
        expires: new Date(now().getTime() + LIFETIME_MS),
        params: { subject },
      })
      return <input type="hidden" name={FIELD} data-challenge={JSON.stringify(challenge)} />
    },
    verify: async (form, subject) => {
      const payload = form[FIELD]
      if (typeof payload !== 'string') return false
      try {
        const { subject: solvedFor, expires } = extractParams(payload)
        const isAlive = Number(expires) * 1000 > now().getTime()
        // Its own look at the clock is switched off: ours was just made.
        return solvedFor === subject && isAlive && (await verifySolution(payload, hmacKey, false))
      } catch {
        return false
      }
    },
  }
}
