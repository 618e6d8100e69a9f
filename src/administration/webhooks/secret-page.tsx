import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { SecretOnce } from '../../panel/components/credentials.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { WithSecret } from '../../spaces/webhooks/webhooks.ts'
import { WEBHOOKS_PATH } from './webhooks-page.tsx'

/** The only time that the secret of a webhook is shown; `isNew`: the webhook was just made. */
export const secretPage = ({ t }: Kit, { webhook, secret, isNew }: WithSecret & { isNew: boolean }): Page => ({
  title: t(isNew ? 'webhooks.made' : 'webhooks.rotated', { name: webhook.name }),
  above: [[t('webhooks.title'), WEBHOOKS_PATH]],
  address: null,
  cards: true,
  children: (
    <div class="measure">
      <SecretOnce
        id="secret"
        title={t('named_keys.copy')}
        why={t('webhooks.once')}
        label={t('webhooks.secret')}
        value={secret}
      >
        {isNew ? null : <p>{t('webhooks.both')}</p>}
        <Actions>
          <ButtonLink to={`${WEBHOOKS_PATH}/${webhook.id}`}>{t('webhooks.copied')}</ButtonLink>
        </Actions>
      </SecretOnce>
    </div>
  ),
})
