import { ButtonLink } from '../../panel/components/button.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

/** No guess is left, or none ever was. */
export const overPage = ({ t }: Kit, { status }: { status: 410 | 422 }): Page => ({
  title: t('recovery.over'),
  lede: t('code.dead'),
  badge: { icon: 'alert' },
  status,
  address: null,
  children: (
    <div class="actions">
      <ButtonLink to="/recovery/email" tone="primary">
        {t('recovery.again')}
      </ButtonLink>
    </div>
  ),
})
