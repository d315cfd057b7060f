"""Changes: what somebody has deployed or altered, shown beside what breaks afterwards."""
