import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { LANDING } from '../../panel/navigation.ts'
import { codePicture } from './sign-in-code.tsx'

/** A code that signs another device in as the caller. */
export const ownCodePage = (visit: Visit, basePath: string, token: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'code_sign_in.own_title',
    address: null,
    children: (
      <>
        <p>{t('code_sign_in.own_why')}</p>
        {codePicture(visit, basePath, token)}
        <p>
          <a href={basePath + LANDING}>{t('panel.back')}</a>
        </p>
      </>
    ),
  })
}
