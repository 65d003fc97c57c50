"""Sources of hourly weather: the Open-Meteo archive and the embedded synthetic climate."""
