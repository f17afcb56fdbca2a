import { ReferencePage } from '@/features/reference/ReferencePage';

export const ReferenceRoute = ReferencePage;
