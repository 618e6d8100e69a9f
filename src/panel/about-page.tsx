import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config/config.ts'
import type { MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { page, texts } from './layout.tsx'

/** What stands here, for whoever arrives without knowing: also where the panel would be when it is switched off. */
export const aboutPage = (visit: Visit, config: Config): Response => {
  const t = texts(visit)
  const { space } = visit
  const ours = (path: string) => config.BASE_PATH + path
  const links: readonly (readonly [string | null, MessageId])[] = [
    [config.APP_PROJECT_URL, 'about.project'],
    [config.TERMS_OF_USE_URL, 'about.terms'],
    [config.PRIVACY_POLICY_URL, 'about.privacy'],
    [ours('/api'), 'about.api'],
    [ours('/provisioning/documentation'), 'about.provisioning'],
    [space.webPanel ? ours('/wizard/documentation') : null, 'about.wizard'],
    [ours('/third-party-components'), 'about.third_party'],
  ]
  return page(visit, config.BASE_PATH, {
    title: 'about.title',
    children: (
      <>
        <p>{t('about.what', { space: space.name })}</p>
        <p>{t('about.app')}</p>
        <ul>
          {links.map(([url, label]) =>
            url === null ? null : (
              <li>
                <a href={url} rel={url.startsWith('/') ? undefined : 'noopener noreferrer'}>
                  {t(label)}
                </a>
              </li>
            ),
          )}
        </ul>
        <p>
          {t('about.made_with', { product: 'sipkeeper', version: packageJson.version, license: packageJson.license })}
        </p>
      </>
    ),
  })
}
