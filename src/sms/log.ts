/** Sends nothing: for developers. */

import { maskedPhone } from '../logging/masking.ts'
import type { ProviderDeps, SmsProvider } from './provider.ts'

export const logged = ({ config, log }: ProviderDeps): SmsProvider => ({
  name: 'log',
  async send({ to, text, kind }) {
    // The text holds the code, and only a developer's log may show that.
    const shown = config.APP_ENV === 'local' ? { text } : {}
    log.app.info('an SMS that nobody gets', { kind, to: maskedPhone(to), ...shown })
  },
  async check() {
    return { name: 'sms log', ok: true, detail: 'SMS are written to the log and not sent' }
  },
})
