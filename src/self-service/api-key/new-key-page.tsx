import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

/** The only time that the key is shown. */
export const newKeyPage = (visit: Visit, basePath: string, key: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'api_key.made',
    address: null,
    scripts: ['copy.js'],
    children: (
      <>
        <p>{t('api_key.once')}</p>
        <p class="secret" data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
          <code>{key}</code>
        </p>
        <p>
          <a href={`${basePath}/api_key`}>{t('panel.back')}</a>
        </p>
      </>
    ),
  })
}
