import type { Visit } from '../../nouns/visit.ts'
import { CODE_SCRIPTS, codeField, NOTHING_REFUSED, sentCode } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import type { Waiting } from './recovery.ts'

/** The same whoever was asked for. */
export const codePage = (
  visit: Visit,
  digits: number,
  { flow, email }: Waiting,
  lifetimeMinutes: number | null,
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  const sent = email === null ? t('recovery.sent_phone', { digits }) : t('recovery.sent_email', { email, digits })
  return {
    title: 'recovery.code_title',
    action: '/recovery/confirm',
    button: 'recovery.confirm',
    refused,
    scripts: CODE_SCRIPTS,
    children: (
      <>
        {sentCode(visit, sent, lifetimeMinutes)}
        <input type="hidden" name="flow" value={flow} />
        {codeField(visit, refused, digits)}
      </>
    ),
  }
}
