import type { FormPage } from '../../panel/answers.tsx'
import { TextField, textOf } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

/** `token`: the app's right to ask for an SMS. */
export const phonePage = ({ t, space, input }: Kit, token: string): FormPage => {
  const phone = textOf(input.phone)
  const query = phone === '' ? '' : `?phone=${encodeURIComponent(phone)}`
  return {
    title: t('recovery.title'),
    lede: t('recovery.by_phone', { space: space.name }),
    to: '/recovery',
    button: t('recovery.send'),
    address: `/recovery/phone/${token}${query}`,
    children: (
      <>
        <Hidden name="account_recovery_token" value={token} />
        <TextField name="phone" label={t('recovery.phone')} type="tel" value={phone} autocomplete="tel" />
      </>
    ),
  }
}
