import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1'
import type { Payload } from 'altcha-lib/v1/types'
import type { Captcha, CaptchaDeps } from './kind.ts'
import { captchaStore } from './store.ts'

const FIELD = 'altcha'
const LIFETIME_MS = 20 * 60_000

/** So many hashes at most: a second or two of a phone. */
const HARDEST = 50_000

/** What the form carries, of which nothing is known yet; null: it cannot be read. */
const payloadOf = (text: string): Payload | null => {
  try {
    const payload: unknown = JSON.parse(atob(text))
    return typeof payload === 'object' ? (payload as Payload) : null
  } catch {
    return null
  }
}

/** Altcha's challenge (version 1), solved by a small script of ours: nothing is loaded from anywhere. */
export const proofOfWork = ({ db, secrets, now }: CaptchaDeps): Captcha => {
  const store = captchaStore(db)
  const hmacKey = secrets.keyFor('proof of work').toString('hex')

  /** null: it is wrong, of another form, or too old. */
  const expiryIfRight = async (payload: Payload, subject: string): Promise<Date | null> => {
    try {
      const { subject: solvedFor, expires } = extractParams(payload)
      const expiresAt = new Date(Number(expires) * 1000)
      // Its own look at the clock is switched off: ours is made here.
      const isRight = solvedFor === subject && expiresAt > now() && (await verifySolution(payload, hmacKey, false))
      return isRight ? expiresAt : null
    } catch {
      return null
    }
  }

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
      const text = form[FIELD]
      const payload = typeof text === 'string' ? payloadOf(text) : null
      if (payload === null) return false
      const expiresAt = await expiryIfRight(payload, subject)
      // The challenge and not the text, of which there are several spellings.
      return expiresAt !== null && (await store.spend(payload.challenge, expiresAt))
    },
  }
}
