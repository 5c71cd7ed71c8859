file,records
t.csv,2
