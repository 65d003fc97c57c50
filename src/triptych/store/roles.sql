-- The roles and databases of a PostgreSQL server that Triptych and MLflow share. Run by psql as the
-- server's administrator, as often as one likes: a changed password is taken over.
--
--     TRIPTYCH_PASSWORD=… TRIPTYCH_API_PASSWORD=… MLFLOW_PASSWORD=… psql -f roles.sql
--
-- triptych      owns the tables: the pipelines
-- triptych_api  reads what `python -m triptych.store.grants triptych_api` grants: the API
-- mlflow        owns MLflow's own database
\set ON_ERROR_STOP on
\set QUIET on
\getenv triptych_password TRIPTYCH_PASSWORD
\getenv api_password TRIPTYCH_API_PASSWORD
\getenv mlflow_password MLFLOW_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['triptych', 'triptych_api', 'mlflow']) AS name
WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec

SET log_statement = 'none'; -- passwords stay out of the server's log
SET log_min_error_statement = 'panic';
ALTER ROLE triptych LOGIN PASSWORD :'triptych_password';
ALTER ROLE triptych_api LOGIN PASSWORD :'api_password';
ALTER ROLE mlflow LOGIN PASSWORD :'mlflow_password';

SELECT format('CREATE DATABASE %I OWNER %I', name, name)
FROM unnest(ARRAY['triptych', 'mlflow']) AS name
WHERE name NOT IN (SELECT datname FROM pg_database) \gexec

-- PostgreSQL lets every role connect to every database. Revoke the same from your other databases.
REVOKE ALL ON DATABASE triptych, mlflow, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE triptych TO triptych_api;
