import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { CODE_SCRIPTS, codeField, NOTHING_REFUSED, sentCode } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { countdown } from '../../panel/moment.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pending } from './contact-details.ts'

const SENT = { email: 'contact.sent_email', phone: 'contact.sent_phone' } as const

export const codePage = (
  visit: Visit,
  config: Config,
  { kind, to, resendSeconds }: Pending,
  lifetimeMinutes: number | null,
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  const basePath = config.BASE_PATH
  const digits = config.CODE_DIGITS
  return {
    title: 'recovery.code_title',
    action: `/${kind}`,
    button: 'recovery.confirm',
    refused,
    address: `${basePath}/${kind}/validate`,
    scripts: CODE_SCRIPTS,
    children: (
      <>
        {sentCode(visit, t(SENT[kind], { to, digits }), lifetimeMinutes)}
        {codeField(visit, refused, digits)}
      </>
    ),
    after: (
      <ul class="ways">
        <li>
          {t('code.late')} {countdown(resendSeconds)} <a href={`${basePath}/${kind}/change`}>{t('contact.again')}</a>
        </li>
        <li>
          <a href={basePath + LANDING}>{t('panel.cancel')}</a>
        </li>
      </ul>
    ),
  }
}
