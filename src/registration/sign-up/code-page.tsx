import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { CODE_SCRIPTS, codeField, NOTHING_REFUSED, sentCode } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { countdown } from '../../panel/moment.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'

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
  const sent =
    kind === 'email' ? t('sign_up.sent_email', { email: to, digits }) : t('sign_up.sent_phone', { phone: to, digits })
  return {
    title: 'sign_up.code_title',
    action: '/register/code',
    button: 'sign_up.confirm',
    refused,
    address: `${basePath}/register/code`,
    scripts: CODE_SCRIPTS,
    children: (
      <>
        {sentCode(visit, sent, lifetimeMinutes)}
        {codeField(visit, refused, digits)}
      </>
    ),
    after: (
      <p>
        {t('code.late')} {countdown(resendSeconds)} <a href={`${basePath}/register/again`}>{t('sign_up.another')}</a>
      </p>
    ),
  }
}
