import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { CODE_SCRIPTS, CodeField, OtherRefusals, SentCode } from '../../panel/components/fields.tsx'
import { Countdown } from '../../panel/components/moment.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'

interface Sent {
  readonly pending: Pending
  readonly digits: number
  /** How long the code is good for; null: until it is used. */
  readonly minutes: number | null
}

export const codePage = ({ t }: Kit, { pending, digits, minutes }: Sent): FormPage => {
  const { kind, to, resendSeconds } = pending
  const sent =
    kind === 'email' ? t('sign_up.sent_email', { email: to, digits }) : t('sign_up.sent_phone', { phone: to, digits })
  return {
    title: t('sign_up.code_title'),
    lede: <SentCode sent={sent} minutes={minutes} />,
    to: '/register/code',
    button: t('sign_up.confirm'),
    address: '/register/code',
    scripts: CODE_SCRIPTS,
    children: (
      <>
        <OtherRefusals name={kind} />
        <CodeField digits={digits} />
      </>
    ),
    below: (
      <p class="center">
        {t('code.late')} <Countdown seconds={resendSeconds} /> <Link to="/register/again">{t('sign_up.another')}</Link>
      </p>
    ),
  }
}
