import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config/config.ts'
import type { MessageId } from '../messages/messages.ts'
import { Link } from './components/button.tsx'
import type { Kit } from './kit.tsx'
import type { Page } from './page.tsx'

/** What stands here, for whoever arrives without knowing: also where the panel would be when it is switched off. */
export const aboutPage = ({ t, space }: Kit, config: Config): Page => {
  const links: readonly (readonly [string | null, MessageId])[] = [
    [config.APP_PROJECT_URL, 'about.project'],
    [config.TERMS_OF_USE_URL, 'about.terms'],
    [config.PRIVACY_POLICY_URL, 'about.privacy'],
    ['/api', 'about.api'],
    ['/provisioning/documentation', 'about.provisioning'],
    [space.webPanel ? '/wizard/documentation' : null, 'about.wizard'],
    ['/third-party-components', 'about.third_party'],
  ]
  return {
    title: t('about.title'),
    lede: t('about.what', { space: space.name }),
    children: (
      <>
        <p>{t('about.app')}</p>
        <ul class="plain-list">
          {links.map(([url, label]) =>
            url === null ? null : (
              <li>
                <Link to={url}>{t(label)}</Link>
              </li>
            ),
          )}
        </ul>
        <p class="muted small-text">
          {t('about.made_with', { product: 'sipkeeper', version: packageJson.version, license: packageJson.license })}
        </p>
      </>
    ),
  }
}
