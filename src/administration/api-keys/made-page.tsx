import type { MadeKey } from '../../access/api-keys/named-keys.ts'
import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { SecretOnce } from '../../panel/components/credentials.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

/** The only time that a key with a name is shown. */
export const keyMadePage = ({ t, home }: Kit, { key, named, path }: MadeKey & { path: string }): Page => ({
  title: t('named_keys.made', { name: named.name }),
  above: [[t('named_keys.title'), path]],
  address: null,
  cards: true,
  children: (
    <div class="measure">
      <SecretOnce
        id="key"
        title={t('named_keys.copy')}
        why={t('named_keys.once')}
        label={t('api_key.title')}
        value={key}
      >
        <pre>
          <code>{`curl ${home}/api/accounts/me \\\n  -H "x-api-key: ${key}"`}</code>
        </pre>
        <Actions>
          <ButtonLink to={path}>{t('named_keys.copied')}</ButtonLink>
        </Actions>
      </SecretOnce>
    </div>
  ),
})
