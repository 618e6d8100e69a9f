import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { CODE_SCRIPTS, CodeField, OtherRefusals, SentCode } from '../../panel/components/fields.tsx'
import { Countdown } from '../../panel/components/moment.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pending } from './contact-details.ts'

const SENT = { email: 'contact.sent_email', phone: 'contact.sent_phone' } as const

interface Sent extends Pending {
  readonly digits: number
  /** How long the code is good for; null: until it is used. */
  readonly minutes: number | null
}

export const codePage = ({ t }: Kit, { kind, to, resendSeconds, digits, minutes }: Sent): FormPage => ({
  title: t('recovery.code_title'),
  lede: <SentCode sent={t(SENT[kind], { to, digits })} minutes={minutes} />,
  above: [[t('dashboard.title'), LANDING]],
  to: `/${kind}`,
  button: t('recovery.confirm'),
  cancel: [t('panel.cancel'), LANDING],
  address: `/${kind}/validate`,
  scripts: CODE_SCRIPTS,
  children: (
    <>
      <OtherRefusals name={kind} />
      <CodeField digits={digits} />
      <p class="muted">
        {t('code.late')} <Countdown seconds={resendSeconds} /> <Link to={`/${kind}/change`}>{t('contact.again')}</Link>
      </p>
    </>
  ),
})
