import type { FormPage } from '../../panel/answers.tsx'
import { CurrentPasswordField, TextField } from '../../panel/components/fields.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pending } from './contact-details.ts'

const WORDS = {
  email: { label: 'dashboard.email', type: 'email', title: 'contact.change_email', why: 'contact.email_why' },
  phone: { label: 'dashboard.phone', type: 'tel', title: 'contact.change_phone', why: 'contact.phone_why' },
} as const

interface Change {
  readonly kind: Pending['kind']
  /** What waits for its code already. */
  readonly pending: string | undefined
  readonly asksForCurrent: boolean
  readonly captcha: string
}

export const changePage = ({ t, input }: Kit, { kind, pending, asksForCurrent, captcha }: Change): FormPage => {
  const { label, type, title, why } = WORDS[kind]
  const typed = input[kind]
  return {
    title: t(title),
    lede: t(why),
    above: [[t('dashboard.title'), LANDING]],
    to: `/${kind}/change`,
    button: t('recovery.send'),
    cancel: [t('panel.cancel'), LANDING],
    address: `/${kind}/change`,
    captcha,
    children: (
      <>
        <TextField
          name={kind}
          label={t(label)}
          type={type}
          value={typeof typed === 'string' ? typed : pending}
          autocomplete={type}
          hint={kind === 'phone' ? t('sign_up.phone_hint') : undefined}
        />
        {asksForCurrent ? <CurrentPasswordField /> : null}
      </>
    ),
  }
}
