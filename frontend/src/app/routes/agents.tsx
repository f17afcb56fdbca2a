import { AgentsPage } from '@/features/desk/AgentsPage';

export const AgentsRoute = AgentsPage;
