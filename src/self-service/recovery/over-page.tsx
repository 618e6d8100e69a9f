import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

/** No guess is left. */
export const overPage = (visit: Visit, basePath: string, status: 410 | 422): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'recovery.over',
    status,
    address: null,
    children: (
      <>
        <p>{t('code.dead')}</p>
        <p>
          <a href={`${basePath}/recovery/email`}>{t('recovery.again')}</a>
        </p>
      </>
    ),
  })
}
