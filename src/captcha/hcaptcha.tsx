import { demanded } from '../config/combinations.ts'
import type { Captcha, CaptchaDeps } from './kind.ts'

const ORIGINS = ['https://hcaptcha.com', 'https://*.hcaptcha.com']
const FIELD = 'h-captcha-response'
const TIMEOUT_MS = 30_000

/** hCaptcha: its answer is checked by the server, with the secret (behaviour/tokens.md §2.1). */
export const hcaptcha = ({ config, log }: CaptchaDeps): Captcha => {
  const sitekey = demanded(config, 'HCAPTCHA_SITEKEY')
  const secret = demanded(config, 'HCAPTCHA_SECRET')
  return {
    field: FIELD,
    foreign: ORIGINS,
    script: 'https://js.hcaptcha.com/1/api.js',
    widget: async () => <div class="h-captcha" data-sitekey={sitekey} />,
    verify: async (form, _subject, address) => {
      const response = form[FIELD]
      if (typeof response !== 'string') return false
      const body = new URLSearchParams({ secret, response, remoteip: address, sitekey })
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS)
        const reply = await fetch(config.HCAPTCHA_VERIFY_URL, { method: 'POST', body, signal })
        const { success } = (await reply.json()) as { success?: unknown }
        return success === true
      } catch (error) {
        // Nobody gets in because somebody else's server is away.
        log.app.warn('hCaptcha could not be asked', { error })
        return false
      }
    },
  }
}
