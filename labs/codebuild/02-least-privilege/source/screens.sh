# Says how many screens there are in each Region that is named.
for region in "$@"; do
  if screens=$(aws ec2 describe-instances --region "$region" --query "length(Reservations)"); then
    echo "$region: $screens screens"
  else
    echo "$region: no answer"
  fi
done
