import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { SecretOnce } from '../../panel/components/credentials.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

/** The only time that the key is shown. */
export const newKeyPage = ({ t }: Kit, key: string): Page => ({
  title: t('api_key.title'),
  address: null,
  cards: true,
  children: (
    <div class="measure">
      <SecretOnce id="key" title={t('api_key.made')} why={t('api_key.once')} label={t('api_key.title')} value={key}>
        <Actions>
          <ButtonLink to="/api_key">{t('panel.back')}</ButtonLink>
        </Actions>
      </SecretOnce>
    </div>
  ),
})
