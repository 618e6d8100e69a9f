import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { TextField, textOf } from '../../panel/components/fields.tsx'
import type { Kit } from '../../panel/kit.tsx'

interface Ask {
  /** The address alone may lead to several accounts. */
  readonly needsName: boolean
  readonly captcha: string
}

export const emailPage = ({ t, space, input }: Kit, { needsName, captcha }: Ask): FormPage => ({
  title: t('recovery.title'),
  lede: t('recovery.by_email', { space: space.name }),
  to: '/recovery',
  button: t('recovery.send'),
  address: '/recovery/email',
  captcha,
  children: (
    <>
      <TextField
        name="email"
        label={t('recovery.email')}
        type="email"
        value={textOf(input.email)}
        autocomplete="email"
      />
      {needsName ? (
        <TextField
          name="username"
          label={t('recovery.username')}
          value={textOf(input.username)}
          autocomplete="username"
          autocapitalize="none"
        />
      ) : null}
    </>
  ),
  below: (
    <p class="center">
      <Link to="/login">{t('recovery.remembered')}</Link>
    </p>
  ),
})
