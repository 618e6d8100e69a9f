import type { Visit } from '../../nouns/visit.ts'
import { currentPasswordField, NOTHING_REFUSED, textField } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
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
  readonly captchaSubject: string
}

export const changePage = (
  visit: Visit,
  basePath: string,
  { kind, pending, asksForCurrent, captchaSubject }: Change,
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  const { label, type, title, why } = WORDS[kind]
  const typed = visit.input[kind]
  return {
    title,
    action: `/${kind}/change`,
    button: 'recovery.send',
    refused,
    address: `${basePath}/${kind}/change`,
    captchaSubject,
    children: (
      <>
        <p>{t(why)}</p>
        {textField(visit, refused, {
          name: kind,
          label,
          type,
          value: typeof typed === 'string' ? typed : (pending ?? ''),
          autocomplete: type,
          ...(kind === 'phone' ? { hint: t('sign_up.phone_hint') } : {}),
        })}
        {asksForCurrent ? currentPasswordField(visit, refused) : null}
      </>
    ),
    after: <a href={basePath + LANDING}>{t('panel.cancel')}</a>,
  }
}
