import { proofOfWork } from './altcha.tsx'
import { hcaptcha } from './hcaptcha.tsx'
import type { Captcha, CaptchaDeps } from './kind.ts'

const NO_CAPTCHA: Captcha = {
  field: 'captcha',
  widget: async () => null,
  foreign: [],
  script: null,
  verify: async () => true,
}

/** The provider that `CAPTCHA_PROVIDER` names. */
export const captcha = (deps: CaptchaDeps): Captcha => {
  switch (deps.config.CAPTCHA_PROVIDER) {
    case 'hcaptcha':
      return hcaptcha(deps)
    case 'pow':
      return proofOfWork(deps)
    default:
      return NO_CAPTCHA
  }
}
