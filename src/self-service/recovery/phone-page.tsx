import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED, textField, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

/** `token`: the app's right to ask for an SMS. */
export const phonePage = (visit: Visit, basePath: string, token: string, refused = NOTHING_REFUSED): Form => {
  const phone = textOf(visit.input.phone)
  const query = phone === '' ? '' : `?phone=${encodeURIComponent(phone)}`
  return {
    title: 'recovery.title',
    action: '/recovery',
    button: 'recovery.send',
    refused,
    address: `${basePath}/recovery/phone/${token}${query}`,
    children: (
      <>
        <p>{texts(visit)('recovery.by_phone', { space: visit.space.name })}</p>
        <input type="hidden" name="account_recovery_token" value={token} />
        {textField(visit, refused, {
          name: 'phone',
          label: 'recovery.phone',
          type: 'tel',
          value: phone,
          autocomplete: 'tel',
        })}
      </>
    ),
  }
}
